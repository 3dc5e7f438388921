import { projectEndpoint } from '../http/endpoint.js';
import { toProject } from './to-project.js';

export const readProject = projectEndpoint('readProject', async ({ project }) => ({
  status: 200,
  body: { project: toProject(project, project.role) },
}));

import { defineConfig } from 'prisma/config';

// `prisma migrate` wants the owner's connection; the services never read this file.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.LOGURO_MIGRATE_DATABASE_URL ?? '' },
});

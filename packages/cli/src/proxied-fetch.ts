// A file of its own, to be loaded when it is needed: a bundle gives CommonJS's names to a static import alone.
export { EnvHttpProxyAgent, fetch } from 'undici';

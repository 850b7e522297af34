/**
 * Put into a measured server with `--import`, to measure it without one of its optimisations: a module of the gateway is
 * replaced by the plain one of the same name beside this file. `BENCH_WITHOUT` names both (`graphql/context=context`).
 */
import { register } from 'node:module';

register('./hooks.js', { parentURL: import.meta.url, data: process.env.BENCH_WITHOUT ?? '' });

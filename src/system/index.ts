/**
 * Pagewalk as a library: a configuration and an outside in, a running system out.
 *
 *   const system = createSystem(systemConfig({ memory: '1M', replacement: 'lru' }), ports);
 *   const outcome = await system.run();
 *   console.log(reportText(system.report()));
 */
export * from './replaying.ts';
export * from './running.ts';
export {
  buildScheme,
  describeScheme,
  parseTranslateConfig,
  type TranslateConfig,
  translateAll,
} from './translate.ts';
export { type Attribute, attributeFaults, parseWhere, type WhereChoice } from './where.ts';

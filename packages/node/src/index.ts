export { type Access, importBootstrapKey } from './access.ts';
export { callerUrlPolicy, HTTP_SETTINGS, httpOptions } from './http-edge.ts';
export type { NodeJournal } from './journal/open-journal.ts';
export { type AudioNode, type NodeBase, openNode } from './node.ts';
export { repeat } from './repeat.ts';
export {
  countSetting,
  flagSetting,
  listSetting,
  NODE_SETTINGS,
  type NodeSettings,
  readSettings,
} from './settings.ts';
export { createStreamMetrics } from './stream-metrics.ts';

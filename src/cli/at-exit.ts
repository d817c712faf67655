/** What has to be put away however the process ends, as long as it ends by `process.exit` or by itself. */
const actions = new Set<() => void>();

process.on('exit', () => {
  for (const action of actions) action();
});

/** Runs `action` at the end of the process; returns what takes it back. */
export function atExit(action: () => void): () => void {
  actions.add(action);
  return () => void actions.delete(action);
}

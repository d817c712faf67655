/** Lets timers and signals of the host be handled. */
export const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

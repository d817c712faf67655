/** The answer of `pagewalk servers` as data: ways to build a server, and what making processes costs each. */
import { z } from 'zod';
import { runReportSchema } from './schema.ts';

const count = z.int().nonnegative();
const nanoseconds = z.number().nonnegative().describe('ns of virtual time');

/** How a server serves several connections; see programs/server.c. */
export const SERVER_STYLES = ['naive', 'prefork', 'fork', 'exec'] as const;
/** How it makes processes. */
export const PROCESS_COPIES = ['eager', 'copy-on-write', 'vfork'] as const;

export const serversReportSchema = z.object({
  schema: z.literal('pagewalk.servers/1'),
  load: z
    .object({
      address: z.string(),
      clients: count,
      connections: count.describe('of each client, one after the other'),
      requests: count.describe('a connection'),
      think: nanoseconds.describe('what a client waits after each answer'),
      heap: count.describe("pages of the server's heap"),
      writes: count.describe('pages of the heap that are written for each connection'),
      workers: count.describe('of a preforked server'),
    })
    .describe('the same for all servers'),
  identicalOutput: z.boolean().describe('whether all servers and clients wrote the same lines'),
  runs: z.array(
    z.object({
      style: z.enum(SERVER_STYLES),
      fork: z.enum([...PROCESS_COPIES, 'none']),
      requests: count.describe('that were answered'),
      children: count.describe('processes that the server made'),
      serverTime: nanoseconds.describe('CPU time of the server and its children, in the kernel too'),
      forkTime: nanoseconds.describe('of it, copying address spaces: time.forks of the report'),
      answer: z.object({ mean: nanoseconds, worst: nanoseconds }).describe('from a request to its answer'),
      output: z.array(z.string()).describe('lines of the server and the clients, sorted'),
      complaints: z.string().describe('what they wrote to standard error'),
      report: runReportSchema,
    }),
  ),
});

export type ServersReport = z.infer<typeof serversReportSchema>;
export type ServerRun = ServersReport['runs'][number];
export type ServerStyle = ServerRun['style'];
export type ProcessCopy = ServerRun['fork'];
export type ServerLoad = ServersReport['load'];

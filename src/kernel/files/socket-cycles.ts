/**
 * Sockets that only messages refer to, which nobody can receive any more: one that was sent over itself, two that were
 * sent over each other, and closed. As unix_gc does it: what descriptors refer to is reached, and what lies in queues
 * that are reached; the queues of all other sockets are emptied.
 */
import type { Ancillaries } from './socket-ancillary.ts';
import type { SocketState, SocketsState } from './socket-state.ts';
import type { Description } from './state.ts';

/** What has to be known of descriptions. */
export interface DescriptionGraph {
  readonly descriptions: readonly (Description | undefined)[];
  /** Key of the socket that a description is of, if it is one. */
  socketOf(description: number): string | undefined;
}

export function dropUnreachable(
  state: SocketsState,
  graph: DescriptionGraph,
  ancillaries: Ancillaries,
): void {
  if (state.inFlight === 0) return;
  const flights = countFlights(state);
  const hasOwner = (index: number): boolean =>
    (graph.descriptions[index]?.references ?? 0) > (flights.get(index) ?? 0);
  const described = new Set<string>();
  const reached = new Set<string>();
  graph.descriptions.forEach((_, index) => {
    const key = graph.socketOf(index);
    if (key !== undefined) described.add(key);
    if (key !== undefined && hasOwner(index)) reached.add(key);
  });
  // A Set goes on to what is added while it is gone through.
  for (const key of reached) {
    const socket = state.sockets[key];
    if (socket === undefined) continue;
    for (const pending of socket.pending) reached.add(pending);
    for (const description of rightsOf(socket)) {
      const other = graph.socketOf(description);
      if (other !== undefined) reached.add(other);
    }
  }
  for (const key of described) {
    const socket = state.sockets[key];
    if (!reached.has(key) && socket !== undefined) ancillaries.discard(socket);
  }
}

function countFlights(state: SocketsState): Map<number, number> {
  const flights = new Map<number, number>();
  for (const socket of Object.values(state.sockets))
    for (const index of rightsOf(socket)) flights.set(index, (flights.get(index) ?? 0) + 1);
  return flights;
}

const rightsOf = ({ messages, parts }: SocketState): number[] =>
  [...messages, ...parts].flatMap(({ rights }) => rights);

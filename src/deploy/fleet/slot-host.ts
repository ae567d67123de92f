import type { Slot } from '../../core/layout.ts';
import type { Host, HttpRequest } from '../../host/host.ts';
import type { CarrierClient } from './carrier-client.ts';

const EXTRA_MS = 2000;

/** A host whose `request` goes to one slot, through its carrier: the user who logs in cannot open the slots' sockets. */
export function slotHost(host: Host, carrier: CarrierClient, slot: Slot): Host {
  return {
    ...host,
    request: async ({ method, path, headers = {}, body, timeoutMs, signal }: HttpRequest) => {
      const request = {
        slot,
        method,
        path,
        headers: { ...headers },
        ...(body === undefined ? {} : { body }),
      };
      const limits = { timeoutMs: timeoutMs + EXTRA_MS, ...(signal === undefined ? {} : { signal }) };
      const answer = await carrier.call('request', request, limits);
      return {
        statusCode: answer.whole('statusCode'),
        headers: answer.texts('headers'),
        body: answer.text('body'),
      };
    },
  };
}

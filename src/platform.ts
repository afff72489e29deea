type WaitUntil = (work: Promise<unknown>) => void;

let ofTheRequest: WaitUntil | undefined;

// Not awaited at the top level, which would keep the module from being loaded by `require`. The module is the platform's
// own, so this has settled before the first request.
import('cloudflare:workers').then(
  (platform) => {
    ofTheRequest = platform.waitUntil;
  },
  () => undefined,
);

/**
 * Keeps work alive after the response of the request in which it is called: the platform's own `waitUntil`, for whichever
 * request that is. Elsewhere than on Workers nothing ends with a request, and nothing has to be kept.
 */
export const waitUntil: WaitUntil = (work) => {
  // Whoever hands work over has seen to its failure.
  const settled = work.catch(() => undefined);
  ofTheRequest?.(settled);
};

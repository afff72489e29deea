// Unit tests are typed for Workers; this much of Node is used to measure a heap.
declare module 'node:process' {
  export function memoryUsage(): { readonly heapUsed: number; readonly arrayBuffers: number };
}
declare module 'node:v8' {
  export function setFlagsFromString(flags: string): void;
}
declare module 'node:vm' {
  export function runInNewContext(code: 'gc'): () => void;
}

/** A file's text, inlined by Vite: tests have no file system where they run in workerd. */
declare module '*?raw' {
  const text: string;
  export default text;
}

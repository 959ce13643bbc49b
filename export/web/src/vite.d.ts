declare module "*?size" {
  const bytes: number;
  export default bytes;
}

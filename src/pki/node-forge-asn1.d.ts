/** `import 'node-forge'` takes 23 to 50 ms; its ASN.1 alone takes 4. The types know the whole only. */
declare module 'node-forge/lib/asn1.js' {
  import type forge from 'node-forge'

  const asn1: typeof forge.asn1
  export default asn1
}

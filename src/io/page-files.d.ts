/** What the build puts into the bundle: the page's files, the types of the API's answers, and the version. None is there when the sources run unbundled. */

/** Defined by scripts/bundle.mjs from package.json; look with `typeof` first. */
declare const __WATTSLUG_VERSION__: string

declare module 'wattslug:page' {
  /** A file of the page, as scripts/page.mjs made it. */
  export interface PageFile {
    /** Where it is served; index.html is `/`. */
    readonly path: string
    /** Content-Type. */
    readonly type: string
    /** Quoted and strong, from the unpacked content. */
    readonly etag: string
    /** How it may be cached, and who may have it. */
    readonly headers: Readonly<Record<string, string>>
    /** Unpacked anew each time it is read, so that memory holds the packed form only. */
    readonly body: Buffer
    readonly gzip: Buffer
  }
  export const files: readonly PageFile[]
}

declare module 'wattslug:schemas' {
  /** The types of src/api.ts as JSON Schema, by name: an object in JSON, as scripts/schemas.mjs made it. */
  export const schemas: string
}

/** What the build puts into the bundle: the page's files and the version. Neither is there when the sources run unbundled. */

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
    /** Unpacked anew each time it is read, so that memory holds the packed form only. */
    readonly body: Buffer
    readonly gzip: Buffer
  }
  export const files: readonly PageFile[]
}

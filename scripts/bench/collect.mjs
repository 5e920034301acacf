/** Loaded before a broker on Node whose memory per client is asked for: collects garbage on SIGUSR2, so that what is measured is held. */
process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
})

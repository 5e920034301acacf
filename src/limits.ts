/** Every bound of the program, unit last, each with its reason. Relations between bounds are asserted when this loads. */

export const limits = {
  // --- meters ---
  /** Longest message accepted: the longest real one has 9,444 bytes. */
  frameBytesMax: 16_384,
  /** Deepest element nesting accepted in a message: real ones reach 4 (`msg/hist/data/h004`). */
  elementDepthMax: 8,
  /** A meter numbers its sensors 0 to 9. */
  sensorsMax: 10,
  /** A transmitter has up to three clamps. */
  channelsMax: 3,
  /** A sensor that has said nothing for so long is stale: gaps of 72 s are normal in a house with four sensors. */
  staleMs: 90_000,
  /** Points of the last minutes that are kept for the page's trace, per sensor: 12 minutes at one reading each 6 s. */
  recentPointsMax: 128
} as const

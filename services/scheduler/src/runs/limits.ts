/** How many runs may be in progress at the same time, in all and per region; 0 is no limit. */
export interface Limits {
  running: number
  runningPerRegion: number
}

export interface Instruction {
  line: number
  name: string
  text: string
}
export function parseDockerfile(content: string): Instruction[]
export function lintDockerfile(content: string): string[]

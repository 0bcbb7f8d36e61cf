// Circles in who supersedes whom. One look at each relation, so that a list of hundreds in a feed that repeats all older
// fixes in every newer one holds up nobody.

/** Numbers the circles: names that reach each other get one number (strongly connected components, Tarjan 1972). */
export function circlesOf(links: ReadonlyMap<string, ReadonlySet<string>>): Map<string, number> {
  const circle = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  for (const root of links.keys()) {
    const open = low.has(root) ? [] : [enter(root)]
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const { value: next, done } = at.rest.next()
      if (done !== true) {
        if (!low.has(next)) open.push(enter(next))
        else if (!circle.has(next)) lower(at.name, next)
        continue
      }
      open.pop()
      const before = open.at(-1)
      if (before !== undefined) lower(before.name, at.name)
      if (low.get(at.name) !== at.index) continue
      for (const name of path.splice(path.lastIndexOf(at.name))) {
        circle.set(name, at.index)
        low.set(name, Infinity)
      }
    }
  }
  return circle

  function enter(name: string) {
    const index = low.size
    low.set(name, index)
    path.push(name)
    return { name, index, rest: (links.get(name) ?? new Set<string>()).values() }
  }
  function lower(name: string, to: string): void {
    low.set(name, Math.min(low.get(name) ?? Infinity, low.get(to) ?? Infinity))
  }
}

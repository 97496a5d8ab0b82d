// The variables of one template: each declaration gets a slot of the frame, and a use is bound to the declaration
// that its place in the text can see. Slot 0 is "$".
import type { GoValue } from './go-values.ts'
import type { RenderState } from './render-state.ts'

export type Store = (state: RenderState, value: GoValue) => void

export class Variables {
  private readonly visible: { readonly name: string; readonly slot: number }[] = [
    { name: '$', slot: 0 },
  ]
  private slots = 1

  /** For the end of a block: what was declared since `mark` is gone. */
  mark(): number {
    return this.visible.length
  }
  release(mark: number): void {
    this.visible.length = mark
  }

  declare(name: string): Store {
    const slot = this.slots++
    this.visible.push({ name, slot })
    return (state, value) => {
      state.frame[slot] = value
    }
  }

  assign(name: string): Store {
    const slot = this.slotOf(name)
    if (slot < 0) return (state) => state.fail(`undefined variable: ${name}`)
    return (state, value) => {
      state.frame[slot] = value
      state.interfaceSlots?.delete(slot)
    }
  }

  /** Sets elements of a range, which are held in interfaces where its list holds such. */
  element(name: string): (state: RenderState, value: GoValue, isInterface: boolean) => void {
    const slot = this.slotOf(name)
    if (slot < 0) return (state) => state.fail(`undefined variable: ${name}`)
    return (state, value, isInterface) => {
      state.frame[slot] = value
      if (isInterface) (state.interfaceSlots ??= new Set()).add(slot)
      else state.interfaceSlots?.delete(slot)
    }
  }

  load(name: string): {
    value: (state: RenderState) => GoValue
    isInterface: (state: RenderState) => boolean
  } {
    const slot = this.slotOf(name)
    if (slot < 0) {
      return {
        value: (state) => state.fail(`undefined variable: ${name}`),
        isInterface: () => false,
      }
    }
    return {
      value: (state) => state.frame[slot],
      isInterface: (state) => state.interfaceSlots?.has(slot) ?? false,
    }
  }

  private slotOf(name: string): number {
    return this.visible.findLast((known) => known.name === name)?.slot ?? -1
  }
}

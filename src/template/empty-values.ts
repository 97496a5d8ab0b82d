// What sprig's default, empty, coalesce and compact take for "not set": zero values and whatever has no elements.
import { isTrue } from './evaluate-field.ts'
import type { GoValue } from './go-values.ts'

export const isEmpty = (value: GoValue): boolean => !isTrue(value)

// A mark that stands as long as a mount (and its namespace) may be written to. Every commit of a plugin
// expects it, so nothing lands in a mount that is being removed. Tuning a mount doesn't touch it, except a
// change of the engine's version.

export const mountAliveKey = (mountId: string): string => `core/mount-alive/${mountId}`

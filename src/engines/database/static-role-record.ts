// A static role as it is stored (`static-role/<name>`): a user that is there already and whose credential is
// replaced in its time.
export const staticRoleKey = (name: string): string => `static-role/${name}`

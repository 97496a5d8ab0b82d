// The version that the API answers: semver of the API level served, with our own as build metadata, in the
// form that the Terraform provider parses.

export const API_LEVEL = '1.18.0'
export const OWN_VERSION = '0.1.0'
export const VERSION = `${API_LEVEL}+strongroom.${OWN_VERSION}`

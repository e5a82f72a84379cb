//go:build race

package paired

const detectsRaces = true

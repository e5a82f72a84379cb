//go:build !race

package paired

const detectsRaces = false

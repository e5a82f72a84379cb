//go:build race

package middleware_test

// underRace: the race detector makes the soak ten times as slow.
const underRace = true

//go:build race

package jwt_test

// underRace: under the race detector pools lose what is put into them, at random.
const underRace = true

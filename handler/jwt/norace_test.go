//go:build !race

package jwt_test

const underRace = false

package handler_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// BenchmarkOlder is what a client of version 1 costs beside one of version 2: the steps,
// and the rules of both.
func BenchmarkOlder(b *testing.B) {
	version2 := handler.New(register)
	version1 := handler.Older(version2, handler.Upgrade(person1.upgrade), handler.Downgrade(person2.downgrade))
	b.Run("newest", func(b *testing.B) {
		bench(b, version2, request("POST /", "Content-Type: application/json", "", `{"first":"Ada","last":"Lovelace"}`))
	})
	b.Run("older", func(b *testing.B) {
		bench(b, version1, request("POST /", "Content-Type: application/json", "", `{"name":"Ada Lovelace"}`))
	})
}

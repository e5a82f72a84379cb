package handler_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// In version 2 a name has two parts.
type person2 struct {
	First string `json:"first" validate:"required"`
	Last  string `json:"last" validate:"required,max=20"`
}

type person1 struct {
	Name string `json:"name"`
}

func (p person1) upgrade() (person2, error) {
	first, last, _ := strings.Cut(p.Name, " ")
	return person2{first, last}, nil
}

func (p person2) downgrade() (person1, error) { return person1{p.First + " " + p.Last}, nil }

// register knows version 2 alone.
func register(_ context.Context, p person2) (person2, error) { return p, nil }

func ExampleOlder() {
	version2 := handler.New(register)
	version1 := handler.Older(version2,
		handler.Upgrade(person1.upgrade, handler.Renamed{Old: "body.name", New: "body.last"}, handler.Renamed{Old: "body.name", New: "body.first"}),
		handler.Downgrade(person2.downgrade))

	for _, name := range []string{"Ada Lovelace", "Ada"} {
		req := handlertest.Request("POST", "/people", handlertest.JSON(person1{name}))
		a, err := handlertest.Do(context.Background(), version1, req)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%d %s\n", a.Status, a.Body)
	}
	// Output:
	// 200 {"name":"Ada Lovelace"}
	// 400: the request is not valid: body.name is required
}

func ExampleDowngradeItems() {
	everybody := handler.New(func(context.Context, struct{}) (handler.NDJSON[person2], error) {
		return func(yield func(person2, error) bool) {
			_ = yield(person2{"Ada", "Lovelace"}, nil) && yield(person2{"Grace", "Hopper"}, nil)
		}, nil
	})
	version1 := handler.Older(everybody, handler.DowngradeItems(person2.downgrade))
	a, err := handlertest.Do(context.Background(), version1, handlertest.Request("GET", "/people"))
	fmt.Printf("%s%v\n", a.Body, err)
	// Output:
	// {"name":"Ada Lovelace"}
	// {"name":"Grace Hopper"}
	// <nil>
}

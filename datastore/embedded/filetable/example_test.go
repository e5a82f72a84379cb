package filetable_test

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func ExampleMemory() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	items := datastore.Use[lines](function{}, table.New[line](data, "lines"))
	ctx := context.Background()
	if _, err := items.Put(ctx, line{Order: "a", No: 1, Text: "in memory"}); err != nil {
		fmt.Println(err)
	}
	item, err := items.Get(ctx, table.PKSK("a", 1))
	fmt.Println(item.Text, err)
	// Output: in memory <nil>
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "filetable")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for range 2 { // as two runs of a program
		driver := filetable.In(dir, nil)
		data := datastore.New([]datastore.Driver{driver}, nil)
		items := datastore.Use[lines](function{}, table.New[line](data, "lines"))
		page, err := items.Query(ctx, table.Query{Key: table.PK("a")})
		fmt.Println(len(page.Items), "items", err)
		if _, err := items.Put(ctx, line{Order: "a", No: 1}); err != nil {
			fmt.Println(err)
		}
		if err := driver.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 0 items <nil>
	// 1 items <nil>
}

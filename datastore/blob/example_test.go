package blob_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

func ExampleNew() {
	data := datastore.New([]datastore.Driver{filebucket.Memory()}, nil)
	files := datastore.Use[files](function("f"), blob.New(data, "files"))
	ctx := context.Background()
	first, err := files.Put(ctx, "a.txt", strings.NewReader("one"), blob.ContentType("text/plain"))
	fmt.Println(first.Size, err)
	_, err = files.Put(ctx, "a.txt", strings.NewReader("two"), blob.IfMatch(first.ETag))
	fmt.Println(err)
	_, err = files.Put(ctx, "a.txt", strings.NewReader("three"), blob.IfMatch(first.ETag))
	fmt.Println(errors.Is(err, datastore.ErrConflict))
	text, _, err := blob.ReadAll(ctx, files, "a.txt", 1<<20)
	fmt.Println(string(text), err)
	// Output:
	// 3 <nil>
	// <nil>
	// true
	// two <nil>
}

// An object is read as it comes, by what reads an io.Reader.
func ExampleGetter() {
	data := datastore.New([]datastore.Driver{filebucket.Memory()}, nil)
	files := datastore.Use[files](function("f"), blob.New(data, "files"))
	ctx := context.Background()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte("sku,cents\nlamp,750\n"))
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	if _, err := files.Put(ctx, "stock.csv.gz", &packed); err != nil {
		fmt.Println(err)
	}
	object, err := files.Get(ctx, "stock.csv.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer object.Close()
	text, err := gzip.NewReader(object)
	if err != nil {
		fmt.Println(err)
		return
	}
	for rows := csv.NewReader(text); ; {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		fmt.Println(row, err)
	}
	// Output:
	// [sku cents] <nil>
	// [lamp 750] <nil>
}

func ExampleBucket_Under() {
	data := datastore.New([]datastore.Driver{filebucket.Memory()}, nil)
	in := blob.New(data, "files").Under("in/")
	files := datastore.Use[files](function("f"), in)
	_, err := files.Put(context.Background(), "out/a", nil)
	fmt.Println(errors.Is(err, datastore.ErrDenied))
	for _, need := range in.Spec().Needs([]string{"Get", "List"}) {
		fmt.Println(need.Actions, need.Resource, need.Conditions)
	}
	// Output:
	// true
	// [GetObject] {name}/in/* []
	// [ListBucket] {name} [{StringLike s3:prefix [in/*]}]
}

func ExampleAll() {
	data := datastore.New([]datastore.Driver{filebucket.Memory()}, nil)
	files := datastore.Use[files](function("f"), blob.New(data, "files"))
	ctx := context.Background()
	for _, key := range []string{"a/1", "a/2", "b"} {
		if _, err := files.Put(ctx, key, nil); err != nil {
			fmt.Println(err)
		}
	}
	for entry, err := range blob.All(ctx, files, blob.Query{Delimiter: "/"}) {
		fmt.Println(entry.Key, entry.Common, err)
	}
	// Output:
	// a/ true <nil>
	// b false <nil>
}

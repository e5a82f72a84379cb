package schema_test

import (
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

type line struct {
	SKU string `json:"sku" validate:"required"`
	Qty int    `json:"qty" default:"1"`
}

func ExampleRead() {
	t, err := schema.Read(reflect.TypeFor[line]())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range t.Fields {
		fmt.Println(f.Name, f.Required(), f.Default != nil)
	}
	// Output:
	// sku true false
	// qty false true
}

func ExampleReadObject() {
	t, _ := schema.ReadObject(reflect.TypeFor[line](), func(f reflect.StructField) bool { return f.Name == "SKU" })
	fmt.Println(len(t.Fields), t.Fields[0].Name)
	// Output: 1 sku
}

func ExampleReadOutput() {
	t, err := schema.ReadOutput(reflect.TypeFor[map[string]error]())
	fmt.Println(t.Elem.Kind == schema.Any, err)
	// Output: true <nil>
}

func ExampleNewDecoder() {
	t, _ := schema.Read(reflect.TypeFor[[]line]())
	dec := schema.NewDecoder(t, schema.Options{})
	var lines []line
	fmt.Println(dec.Decode([]byte(`[{"sku":"a"},{"sku":"b","qty":2}]`), &lines), lines)
	for _, issue := range dec.Decode([]byte(`[{"sku":1,"qty":null}]`), &lines) {
		fmt.Println(issue.Location, issue.Message)
	}
	// Output:
	// [] [{a 1} {b 2}]
	// [0].sku must be a string
	// [0].qty must not be null
}

func ExampleNewSetter() {
	set, _ := schema.NewSetter(reflect.TypeFor[int8]())
	v := reflect.New(reflect.TypeFor[int8]())
	problem, _ := set.Set(v.UnsafePointer(), "300")
	fmt.Println(problem)
	problem, _ = set.Set(v.UnsafePointer(), "30")
	fmt.Println(problem == "", v.Elem())
	// Output:
	// is out of range
	// true 30
}

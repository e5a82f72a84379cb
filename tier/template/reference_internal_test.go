package template

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TestCheckReferences: a reference to nothing is refused with the line of who refers.
func TestCheckReferences(t *testing.T) {
	t.Parallel()
	at := datastore.Position{File: "main.go", Line: 7}
	for name, tt := range map[string]struct {
		value   any
		missing string
	}{
		"Ref":           {ref("Lost"), "Lost"},
		"Ref to here":   {ref("Here"), ""},
		"a parameter":   {ref("Given"), ""},
		"a pseudo one":  {ref("AWS::Region"), ""},
		"made by SAM":   {reference{id: "HereliveStage", sam: "Here.Stage"}, ""},
		"GetAtt":        {array{object{{"deep", getAtt("Lost", "Arn")}}}, "Lost"},
		"Sub":           {sub("arn:${AWS::Partition}:x:${Here}:${Lost.Arn}"), "Lost"},
		"Sub, all here": {sub("arn:${AWS::Partition}:x:${Here.Arn}"), ""},
		"Sub's values":  {subWith("${Own}/${Here}", object{{"Own", ref("Lost")}}), "Lost"},
	} {
		s := &stack{
			parameters: []parameter{{id: "Given"}},
			resources: []resource{
				{id: "Here", typ: "Kind", at: at, plain: []resource{{id: "Here"}, {id: "HereliveStage"}}},
				{id: "Referring", typ: "Kind", at: at, properties: object{{"p", tt.value}}},
			},
		}
		s.checkReferences()
		var d *datastore.DeclarationError
		switch err := errors.Join(s.errs...); {
		case (err != nil) != (tt.missing != ""):
			t.Errorf("%s: %v, want one about %q", name, err, tt.missing)
		case err != nil && (!errors.As(err, &d) || d.At != at || !strings.Contains(err.Error(), "Referring refers to "+tt.missing+",")):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTakenBySAM: a resource cannot have the logical id of one that SAM makes.
func TestTakenBySAM(t *testing.T) {
	t.Parallel()
	api := resource{id: "OrdersApi", typ: "AWS::Serverless::Api", plain: []resource{{id: "OrdersApi"}, {id: "OrdersApiliveStage"}}}
	other := resource{id: "OrdersApiliveStage", typ: "AWS::ApiGateway::Stage"}
	for _, all := range [][]resource{{api, other}, {other, api}} {
		s := &stack{}
		for _, r := range all {
			s.add(r)
		}
		if len(s.errs) != 1 || !strings.Contains(s.errs[0].Error(), "give one of the two another name") {
			t.Errorf("%v", s.errs)
		}
	}
	if names := namesIn(nil, object{{"a", sub("${A}${B.c}")}, {"b", array{ref("A")}}}); !slices.Equal(names, []string{"A", "B"}) {
		t.Errorf("names %v", names)
	}
}

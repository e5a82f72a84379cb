package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestCheckCircles: resources that need each other are refused with the way on which
// they do. What SAM makes of one resource of its own is several.
func TestCheckCircles(t *testing.T) {
	t.Parallel()
	at := datastore.Position{File: "main.go", Line: 7}
	waiting := func(id string, on ...string) resource {
		return resource{id: id, typ: "Kind", at: at, attributes: object{{"DependsOn", texts(on)}}}
	}
	for name, tt := range map[string]struct {
		resources []resource
		want      string
	}{
		"none":      {[]resource{waiting("A", "B", "C"), waiting("B", "C"), waiting("C")}, ""},
		"itself":    {[]resource{waiting("A", "A")}, "(A needs A)"},
		"of three":  {[]resource{waiting("Z", "A"), waiting("A", "B"), waiting("B", "C"), waiting("C", "A")}, "(A needs B needs C needs A)"},
		"in a text": {[]resource{{id: "A", typ: "Kind", at: at, properties: object{{"p", sub("${B.Arn}")}}}, waiting("B", "A")}, "(A needs B needs A)"},
		"of SAM's": {[]resource{
			{id: "F", typ: "AWS::Serverless::Function", at: at, properties: object{{"Alarm", ref("Alarm")}}, plain: []resource{waiting("F"), waiting("Group", "Alarm")}},
			waiting("Alarm", "F"),
		}, ""},
	} {
		s := &stack{app: tier.New("shop"), resources: tt.resources}
		s.checkCircles()
		err := errors.Join(s.errs...)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

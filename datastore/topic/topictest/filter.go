package topictest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

var filterRules = []rule{
	{"filter/attributes", "a subscriber hears of what its policy on attributes takes", filterAttributes},
	{"filter/not", "a policy can say which values it does not take", filterNot},
	{"filter/body", "a subscriber hears of what its policy on the body takes", filterBody},
	{"filter/array", "a policy on the body takes an array by any of its elements", filterArray},
}

// orders are messages by their bodies.
var orders = map[string][]topic.PublishOption{
	"large":  {topic.Attribute("country", "de"), topic.Attribute("total", 101)},
	"small":  {topic.Attribute("country", "de"), topic.Attribute("total", 100)},
	"french": {topic.Attribute("country", "fr"), topic.Attribute("total", 101)},
	"none":   {topic.Attribute("total", 101)},
}

// publishOrders publishes orders, and then one that no policy of the suite refuses.
func publishOrders(t *testing.T, notes all[string], last ...topic.PublishOption) {
	t.Helper()
	for body, options := range orders {
		must[string](t)(notes.Publish(t.Context(), body, options...))
	}
	must[string](t)(notes.Publish(t.Context(), "zz", last...))
}

func filterAttributes(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, `{"country":["de","at"],"total":[{"numeric":[">",100]}]}`, filterpolicy.Attributes)
	publishOrders(t, notes, topic.Attribute("country", "at"), topic.Attribute("total", 1000))
	if diff := cmp.Diff([]string{"large", "zz"}, bodies(receive(t, 2), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func filterNot(t *testing.T, on target) {
	notes, h := start[string](t, on)
	policy, want := `{"country":[{"anything-but":{"prefix":"d"}},{"exists":false}]}`, []string{"french", "none", "zz"}
	if on.has(ExistsAlone) {
		want = []string{"french", "zz"}
	}
	receive := h.Subscribe(t, policy, filterpolicy.Attributes)
	publishOrders(t, notes, topic.Attribute("country", "it"))
	if diff := cmp.Diff(want, bodies(receive(t, len(want)), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func filterBody(t *testing.T, on target) {
	notes, h := start[Note](t, on)
	receive := h.Subscribe(t, `{"text":[{"prefix":"a"}]}`, filterpolicy.Body)
	for _, n := range []Note{{"ba", nil}, {"ab", nil}} {
		must[string](t)(notes.Publish(t.Context(), n))
	}
	if diff := cmp.Diff([]string{`{"text":"ab"}`}, bodies(receive(t, 1), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func filterArray(t *testing.T, on target) {
	notes, h := start[Note](t, on)
	receive := h.Subscribe(t, `{"tags":["x","y"]}`, filterpolicy.Body)
	everything := h.Subscribe(t, "", 0)
	want := []string{`{"text":"a","tags":["y","z"]}`, `{"text":"d","tags":["x"]}`}
	if on.has(NoArraysInBody) {
		want = []string{}
	}
	for _, n := range []Note{{"a", []string{"y", "z"}}, {"b", nil}, {"c", []string{"z"}}, {"d", []string{"x"}}} {
		must[string](t)(notes.Publish(t.Context(), n))
	}
	everything(t, 4)
	if diff := cmp.Diff(want, bodies(receive(t, len(want)), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

package topictest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

var filterRules = []rule{
	{"filter/attributes", "a subscriber hears of what its policy on attributes takes", filterAttributes},
	{"filter/body", "a subscriber hears of what its policy on the body takes", filterBody},
}

func filterAttributes(t *testing.T, on target) {
	notes, h := start[string](t, on)
	german := h.Subscribe(t, `{"country":["de"],"total":[{"numeric":[">",100]}]}`, filterpolicy.Attributes)
	others := h.Subscribe(t, `{"country":[{"anything-but":{"prefix":"d"}},{"exists":false}]}`, filterpolicy.Attributes)
	for body, options := range map[string][]topic.PublishOption{
		"large":  {topic.Attribute("country", "de"), topic.Attribute("total", 101)},
		"small":  {topic.Attribute("country", "de"), topic.Attribute("total", 100)},
		"french": {topic.Attribute("country", "fr"), topic.Attribute("total", 101)},
		"none":   {topic.Attribute("total", 101)},
	} {
		must[string](t)(notes.Publish(t.Context(), body, options...))
	}
	if diff := cmp.Diff([]string{"large"}, bodies(german(t, 1), false)); diff != "" {
		t.Errorf("the policy on two attributes received (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"french", "none"}, bodies(others(t, 2), false)); diff != "" {
		t.Errorf("the policy of what is not received (-want +got):\n%s", diff)
	}
}

func filterBody(t *testing.T, on target) {
	notes, h := start[Note](t, on)
	receive := h.Subscribe(t, `{"text":[{"prefix":"a"}],"tags":["x","y"]}`, filterpolicy.Body)
	for _, n := range []Note{{"ab", []string{"y", "z"}}, {"ba", []string{"x"}}, {"ac", nil}, {"ad", []string{"z"}}} {
		must[string](t)(notes.Publish(t.Context(), n))
	}
	if diff := cmp.Diff([]string{`{"text":"ab","tags":["y","z"]}`}, bodies(receive(t, 1), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

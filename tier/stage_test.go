package tier_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// mistakes are what is wrong with an app that declare makes.
func mistakes(declare func(*tier.App)) error {
	app := tier.New("shop")
	declare(app)
	return errors.Join(app.Check()...)
}

// checkMistake fails unless err has want in it, or is nil where want is "".
func checkMistake(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("Check = %v, want %q", err, want)
	}
	if err != nil && !strings.Contains(err.Error(), "_test.go:") {
		t.Errorf("%v: no Go line", err)
	}
}

func TestStageMistakes(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 101 {
		many[fmt.Sprint("v", i)] = "x"
	}
	vars := func(name, value string) []tier.Stage {
		return []tier.Stage{{Name: "live", Variables: map[string]string{name: value}}}
	}
	for name, c := range map[string]struct {
		kind   tier.Kind
		stages []tier.Stage
		want   string
	}{
		"STG-01: letters, digits, - and _": {tier.REST, []tier.Stage{{Name: "Live-2_x"}}, ""},
		"STG-01: a space":                  {tier.REST, []tier.Stage{{Name: "a b"}}, `stage "a b": write up to 128`},
		"STG-01: empty":                    {tier.REST, []tier.Stage{{}}, `stage "": write up to 128`},
		"STG-01: 128 characters":           {tier.REST, []tier.Stage{{Name: strings.Repeat("x", 128)}}, ""},
		"STG-01: 129 characters":           {tier.REST, []tier.Stage{{Name: strings.Repeat("x", 129)}}, "write up to 128"},
		"STG-01: $default of a REST API":   {tier.REST, []tier.Stage{{Name: tier.RootStage}}, `stage "$default": write up to 128`},
		"STG-01: $default of an HTTP API":  {tier.HTTP, []tier.Stage{{Name: tier.RootStage}}, ""},
		"the same twice":                   {tier.REST, []tier.Stage{{Name: "a-b"}, {Name: "AB"}}, `stage "a-b" has this name`},
		"none":                             {tier.REST, nil, "Stages names none"},
		"STG-02: 101 variables":            {tier.REST, []tier.Stage{{Name: "a", Variables: many}}, "101 variables; a stage has at most 100"},
		"STG-02: a long name":              {tier.REST, vars(strings.Repeat("n", 65), "x"), "write a name of up to 64"},
		"STG-02: 64 characters":            {tier.REST, vars(strings.Repeat("n", 64), "x"), ""},
		"STG-02: a name with a sign":       {tier.REST, vars("a-b", "x"), `variable "a-b": write a name`},
		"STG-02: a long value":             {tier.REST, vars("a", strings.Repeat("x", 513)), "must be 1 to 512"},
		"STG-02: an empty value":           {tier.REST, vars("a", ""), "must be 1 to 512"},
		"STG-02: all signs of values":      {tier.REST, vars("a", "Az09-._~:/?#&=,"), ""},
		"STG-02: another sign":             {tier.REST, vars("a", "a b"), "must be 1 to 512"},
		"STG-02: a letter outside ASCII":   {tier.REST, vars("a", "é"), "must be 1 to 512"},
		"STG-04: 100 percent":              {tier.REST, []tier.Stage{{Name: "a", Canary: &tier.Canary{Percent: 100}}}, ""},
		"STG-04: 101 percent":              {tier.REST, []tier.Stage{{Name: "a", Canary: &tier.Canary{Percent: 101}}}, "canary of 101 percent; write 0 to 100"},
		"STG-04: less than nothing":        {tier.REST, []tier.Stage{{Name: "a", Canary: &tier.Canary{Percent: -1}}}, "canary of -1 percent"},
		"STG-04: a variable":               {tier.REST, []tier.Stage{{Name: "a", Canary: &tier.Canary{Variables: map[string]string{"a": ""}}}}, "must be 1 to 512"},
		"STG-04: an HTTP API":              {tier.HTTP, []tier.Stage{{Name: "a", Canary: &tier.Canary{Percent: 1}}}, "no way to have a canary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) {
				api := app.API("x", c.kind)
				api.Handle("GET /a", handler.New(ok))
				api.Stages(c.stages...)
			}), c.want)
		})
	}
	t.Run("declared twice", func(t *testing.T) {
		t.Parallel()
		checkMistake(t, mistakes(func(app *tier.App) {
			api := app.API("x")
			api.Handle("GET /a", handler.New(ok))
			api.Stages(tier.Stage{Name: "a"})
			api.Stages(tier.Stage{Name: "b"})
		}), "its stages are declared already")
	})
}

func TestPayloadFormat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []tier.APIOption
		want string
	}{
		"an HTTP API":           {[]tier.APIOption{tier.HTTP, tier.PayloadV1}, ""},
		"before the kind":       {[]tier.APIOption{tier.PayloadV1, tier.HTTP}, ""},
		"a REST API":            {[]tier.APIOption{tier.PayloadV1}, "only an HTTP API can choose"},
		"one that is not there": {[]tier.APIOption{tier.HTTP, tier.PayloadFormat("3.0")}, `payload format "3.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) { app.API("x", c.opts...).Handle("GET /a", handler.New(ok)) }), c.want)
		})
	}
}

func TestDomainMistakes(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52"
	domain := func(d tier.Domain) func(*tier.App) {
		return func(app *tier.App) {
			if d.Certificate == "" {
				d.Certificate = arn
			}
			api := app.API("x")
			api.Handle("GET /a", handler.New(ok))
			api.Handle("GET /ping/x", handler.New(ok))
			api.Domain(d)
		}
	}
	two := func(a, b tier.Domain) func(*tier.App) {
		return func(app *tier.App) {
			for i, d := range []tier.Domain{a, b} {
				if d.Certificate == "" {
					d.Certificate = arn
				}
				api := app.API(fmt.Sprint("x", i))
				api.Handle("GET /a", handler.New(ok))
				api.Domain(d)
			}
		}
	}
	for name, c := range map[string]struct {
		declare func(*tier.App)
		want    string
	}{
		"a name":                      {domain(tier.Domain{Name: "api.example.com"}), ""},
		"a base path":                 {domain(tier.Domain{Name: "api.example.com", BasePath: "/orders/v1/"}), ""},
		"one label":                   {domain(tier.Domain{Name: "example"}), "at least two labels"},
		"upper case":                  {domain(tier.Domain{Name: "API.example.com"}), "in lower case"},
		"a wildcard":                  {domain(tier.Domain{Name: "*.example.com"}), "at least two labels"},
		"no certificate":              {domain(tier.Domain{Name: "api.example.com", Certificate: "x"}), "write the ARN of a certificate"},
		"a role for a certificate":    {domain(tier.Domain{Name: "api.example.com", Certificate: "arn:aws:iam::123456789012:role/x"}), "write the ARN of a certificate"},
		"two slashes":                 {domain(tier.Domain{Name: "api.example.com", BasePath: "a//b"}), `base path segment ""`},
		"a sign":                      {domain(tier.Domain{Name: "api.example.com", BasePath: "a:b"}), `base path segment "a:b"`},
		"a long base path":            {domain(tier.Domain{Name: "api.example.com", BasePath: strings.Repeat("x", 301)}), "more than 300"},
		"RTE-25: the base path ping":  {domain(tier.Domain{Name: "api.example.com", BasePath: "ping"}), "answers /ping and /sping itself"},
		"a zone":                      {domain(tier.Domain{Name: "api.example.com", Zone: "Z0123456789ABCDEFGHIJ"}), ""},
		"no zone":                     {domain(tier.Domain{Name: "api.example.com", Zone: "example.com"}), "the id of a hosted zone"},
		"an unknown stage":            {domain(tier.Domain{Name: "api.example.com", Stage: "dev"}), `it has no stage "dev"`},
		"RTE-23: two base paths":      {two(tier.Domain{Name: "a.example.com"}, tier.Domain{Name: "a.example.com", BasePath: "x"}), ""},
		"RTE-23: the same base path":  {two(tier.Domain{Name: "a.example.com", BasePath: "x"}, tier.Domain{Name: "a.example.com", BasePath: "/x"}), "it is mapped already"},
		"two certificates for a name": {two(tier.Domain{Name: "a.example.com"}, tier.Domain{Name: "a.example.com", BasePath: "x", Certificate: arn + "1"}), "a name has one"},
		"RTE-25: a route /ping": {func(app *tier.App) {
			api := app.API("x")
			api.Handle("GET /ping", handler.New(ok))
			api.Domain(tier.Domain{Name: "api.example.com", Certificate: arn})
		}, "route GET /ping: API Gateway answers"},
		"RTE-25: /ping below a base path": {func(app *tier.App) {
			api := app.API("x")
			api.Handle("GET /ping", handler.New(ok))
			api.Domain(tier.Domain{Name: "api.example.com", Certificate: arn, BasePath: "x"})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(c.declare), c.want)
		})
	}
}

func ExampleAPI_Stages() {
	api := tier.New("shop").API("orders")
	api.Stages(
		tier.Stage{
			Name: "live", Variables: map[string]string{"level": "1", "theme": "plain"},
			Canary: &tier.Canary{Percent: 5, Variables: map[string]string{"level": "2"}},
		},
		tier.Stage{Name: "test"},
	)
	for _, s := range api.DeployedStages() {
		vars := maps.Clone(s.CanaryVariables())
		fmt.Println(s.Name, s.Variables, vars)
	}
	// Output:
	// live map[level:1 theme:plain] map[level:2 theme:plain]
	// test map[] map[]
}

func ExampleAPI_Domain() {
	api := tier.New("shop").API("orders", tier.HTTP)
	api.Domain(tier.Domain{
		Name:        "api.shop.example",
		Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52",
		BasePath:    "orders/v1",
	})
	for _, d := range api.Domains() {
		fmt.Println(d, "leads to the stage", d.Stage)
	}
	// Output: api.shop.example/orders/v1 leads to the stage $default
}

func ExamplePayloadFormat() {
	api := tier.New("shop").API("orders", tier.HTTP, tier.PayloadV1)
	fmt.Println(api.Kind(), api.PayloadFormat())
	// Output: HTTP 1.0
}

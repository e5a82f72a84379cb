package filterpolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

// attributes of a message that most cases are tried on.
var attributes = []datastore.Attribute{
	{Name: "store", Type: datastore.AttributeString, Value: "example_corp"},
	{Name: "event", Type: datastore.AttributeString, Value: "order_placed"},
	{Name: "ip", Type: datastore.AttributeString, Value: "10.0.0.77"},
	{Name: "price", Type: datastore.AttributeNumber, Value: "210.75"},
	{Name: "likes", Type: datastore.AttributeStringArray, Value: `["soccer","rugby",true,null,7]`},
	{Name: "seal", Type: datastore.AttributeBinary, Value: "\x00"},
}

const body = `{"store":"example_corp","price":210.75,"paid":true,"coupon":null,"note":"","none":[],` +
	`"likes":["soccer","rugby"],"where":{"country":"de","geo":{"lat":52.5}},` +
	`"lines":[{"sku":"a","count":1},{"sku":"b","count":2}]}`

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope  filterpolicy.Scope
		policy string
		want   bool
	}{
		{0, `{"store":["example_corp"]}`, true},
		{0, `{"store":["other","example_corp"]}`, true},
		{0, `{"store":["Example_corp"]}`, false},
		{0, `{"missing":["example_corp"]}`, false},
		{0, `{"store":["example_corp"],"event":["order_cancelled"]}`, false},
		{0, `{"store":[{"prefix":"example"}]}`, true},
		{0, `{"store":[{"prefix":"xample"}]}`, false},
		{0, `{"store":[{"suffix":"corp"}]}`, true},
		{0, `{"store":[{"suffix":"cor"}]}`, false},
		{0, `{"store":[{"equals-ignore-case":"EXAMPLE_Corp"}]}`, true},
		{0, `{"store":[{"wildcard":"ex*_*p"}]}`, true},
		{0, `{"store":[{"wildcard":"example_corp*"}]}`, true},
		{0, `{"store":[{"wildcard":"*corp*x"}]}`, false},
		{0, `{"store":[{"wildcard":"example_corpcorp"}]}`, false},
		{0, `{"store":[{"wildcard":"example_corp*p"}]}`, false},
		{0, `{"store":[{"anything-but":"example_corp"}]}`, false},
		{0, `{"store":[{"anything-but":["a","b"]}]}`, true},
		{0, `{"store":[{"anything-but":{"prefix":"ex"}}]}`, false},
		{0, `{"store":[{"anything-but":{"suffix":"x"}}]}`, true},
		{0, `{"store":[{"anything-but":{"wildcard":"*x*"}}]}`, false},
		{0, `{"missing":[{"anything-but":"a"}]}`, false},
		{0, `{"missing":[{"anything-but":"a"},{"exists":false}]}`, true},
		{0, `{"price":[{"anything-but":[100,500]}]}`, true},
		{0, `{"price":[{"anything-but":210.75}]}`, false},
		{0, `{"price":[210.75]}`, true},
		{0, `{"price":[2.1075e2]}`, true},
		{0, `{"price":["210.75"]}`, false},
		{0, `{"price":[{"numeric":["=",210.75]}]}`, true},
		{0, `{"price":[{"numeric":[">",210.75]}]}`, false},
		{0, `{"price":[{"numeric":[">=",210.75]}]}`, true},
		{0, `{"price":[{"numeric":["<",300]}]}`, true},
		{0, `{"price":[{"numeric":[">",0,"<=",210.75]}]}`, true},
		{0, `{"price":[{"numeric":[">",0,"<",210.75]}]}`, false},
		{0, `{"store":[{"numeric":["<",300]}]}`, false},
		{0, `{"ip":[{"cidr":"10.0.0.0/24"}]}`, true},
		{0, `{"ip":[{"cidr":"10.0.1.0/24"}]}`, false},
		{0, `{"store":[{"cidr":"10.0.1.0/24"}]}`, false},
		{0, `{"likes":["rugby"]}`, true},
		{0, `{"likes":["baseball"]}`, false},
		{0, `{"likes":[{"anything-but":["soccer","rugby"]}]}`, true}, // true, null and 7 are others
		{0, `{"likes":[true]}`, true},
		{0, `{"likes":[false]}`, false},
		{0, `{"likes":[null]}`, true},
		{0, `{"likes":[7]}`, true},
		{0, `{"store":[{"exists":true}]}`, true},
		{0, `{"store":[{"exists":false}]}`, false},
		{0, `{"missing":[{"exists":false}]}`, true},
		{0, `{"missing":[{"exists":true}]}`, false},
		{0, `{"seal":[{"exists":true}]}`, true},
		{0, `{"seal":[{"anything-but":"a"}]}`, false},
		{0, `{"$or":[{"store":["x"]},{"event":["order_placed"]}]}`, true},
		{0, `{"$or":[{"store":["x"]},{"event":["y"]}]}`, false},
		{0, `{"store":["x"],"$or":[{"store":["example_corp"]},{"event":["order_placed"]}]}`, false},
		{0, `{"$or":[{"store":["x"]},{"$or":[{"ip":["x"]},{"event":["order_placed"]}]}]}`, true},
		{0, `{"$or":["a","b"]}`, false}, // a property of that name

		{1, `{"store":["example_corp"]}`, true},
		{1, `{"price":[{"numeric":[">",200]}]}`, true},
		{1, `{"paid":[true]}`, true},
		{1, `{"paid":["true"]}`, false},
		{1, `{"coupon":[null]}`, true},
		{1, `{"coupon":[{"exists":true}]}`, false},
		{1, `{"coupon":[{"exists":false}]}`, false},
		{1, `{"note":[{"exists":true}]}`, false},
		{1, `{"none":[{"exists":false}]}`, true},
		{1, `{"likes":["rugby"]}`, true},
		{1, `{"where":{"country":["de"]}}`, true},
		{1, `{"where":{"country":["fr"]}}`, false},
		{1, `{"where":{"geo":{"lat":[{"numeric":[">",52,"<",53]}]}}}`, true},
		{1, `{"where":[{"exists":true}]}`, false}, // exists is for leaves
		{1, `{"missing":{"deep":[{"exists":false}]}}`, true},
		{1, `{"missing":{"deep":["x"]}}`, false},
		{1, `{"lines":{"sku":["b"]}}`, true},
		{1, `{"lines":{"sku":["b"],"count":[2]}}`, true},
		{1, `{"lines":{"sku":["b"],"count":[1]}}`, false}, // of one element
		{1, `{"where":{"$or":[{"country":["fr"]},{"geo":{"lat":[52.5]}}]}}`, true},
	} {
		p, err := filterpolicy.Parse(c.policy, c.scope)
		if err != nil {
			t.Errorf("Parse(%s): %v", c.policy, err)
			continue
		}
		if got := p.Match(body, attributes); got != c.want {
			t.Errorf("%s in scope %d: Match = %t, want %t", c.policy, c.scope, got, c.want)
		}
	}
}

// TestMatchNothing: a message without attributes has none that is missing, and a
// body that is no object matches nothing.
func TestMatchNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scope filterpolicy.Scope
		body  string
	}{{filterpolicy.Attributes, "{}"}, {filterpolicy.Body, "plain"}, {filterpolicy.Body, `"text"`}, {filterpolicy.Body, "null"}, {filterpolicy.Body, "{} {}"}} {
		p, err := filterpolicy.Parse(`{"a":[{"exists":false}]}`, c.scope)
		if err != nil {
			t.Fatal(err)
		}
		if p.Match(c.body, nil) {
			t.Errorf("exists false in scope %d matches the body %s without attributes", c.scope, c.body)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	six := `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`
	for _, c := range []struct {
		scope        filterpolicy.Scope
		policy, want string
	}{
		{0, ``, "no JSON object"},
		{0, `[]`, "no JSON object"},
		{0, `null`, "no JSON object"},
		{0, `{"a":["x"]} x`, "more behind"},
		{0, `{}`, "empty"},
		{0, `{"a":[]}`, "no values"},
		{0, `{"a":"x"}`, "list of values"},
		{0, `{"a":[["x"]]}`, "list within"},
		{0, `{"a":{"b":["x"]}}`, "nested"},
		{0, `{"a":[{"prefix":1}]}`, "no operator with this operand"},
		{0, `{"a":[{"begins":"x"}]}`, "no operator"},
		{0, `{"a":[{"prefix":"x","suffix":"y"}]}`, "stands alone"},
		{0, `{"a":[{"exists":"yes"}]}`, "true or false"},
		{0, `{"a":[{"anything-but":[]}]}`, "empty"},
		{0, `{"a":[{"anything-but":true}]}`, "texts, numbers"},
		{0, `{"a":[{"anything-but":{"exists":true}}]}`, "texts, numbers"},
		{0, `{"a":[{"numeric":[">"]}]}`, "numeric"},
		{0, `{"a":[{"numeric":["<",1,">",0]}]}`, "numeric"},
		{0, `{"a":[{"numeric":[">",1,"<",1]}]}`, "no number is in the range"},
		{0, `{"a":[{"numeric":["=",1,"<",2]}]}`, "numeric"},
		{0, `{"a":[{"numeric":["=","1"]}]}`, "numeric"},
		{0, `{"a":[{"numeric":["=",1e10]}]}`, "10^9"},
		{0, `{"a":[1e999]}`, "10^9"},
		{0, `{"a":[{"cidr":"10.0.0.1"}]}`, "cidr"},
		{0, `{"a":[{"wildcard":"*a*b*c*"}]}`, "wildcard"},
		{0, `{"a":[{"wildcard":"a**"}]}`, "wildcard"},
		{0, six, "6 properties"},
		{0, `{"a":[` + strings.Repeat(`"x",`, 12) + `"x"],"b":[` + strings.Repeat(`"x",`, 12) + `"x"]}`, "combinations"},
		{1, `{"a":{"b":{"c":[` + strings.Repeat(`"x",`, 50) + `"x"]}}}`, "combinations"},
		{1, strings.Repeat(`{"a":`, 40) + `["x"]` + strings.Repeat(`}`, 40), "nested more than"},
		{0, `{"a":["` + strings.Repeat("x", 256<<10) + `"]}`, "256 KB"},
		{0, `{"$or":[{"numeric":123},{"prefix":"abc"}]}`, "numeric"},
	} {
		if _, err := filterpolicy.Parse(c.policy, c.scope); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%.80s) in scope %d: error = %v, want one with %q", c.policy, c.scope, err, c.want)
		}
	}
	if _, err := filterpolicy.Parse(`{"a":["1"],"$or":[{"a":["2"]},{"b":{"c":["1"]}},{"d":["1"]},{"e":["1"]}]}`, filterpolicy.Body); err != nil {
		t.Errorf("Parse of 5 properties, one twice: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"a":[{"anything-but":{"prefix":"x"}},{"numeric":[">",0,"<",1]}],"$or":[{"b":[1]},{"c":{"d":[null]}}]}`, body, "a", "x")
	f.Add(`{"a":{"b":{"c":[{"exists":false},{"cidr":"::/0"},{"wildcard":"a*b"}]}}}`, `{"a":[[{"b":{}}]]}`, "b", "1")
	f.Fuzz(func(t *testing.T, policy, body, name, value string) {
		for _, scope := range []filterpolicy.Scope{filterpolicy.Attributes, filterpolicy.Body} {
			p, err := filterpolicy.Parse(policy, scope)
			if (p == nil) == (err == nil) {
				t.Fatalf("Parse(%q) = %v, %v", policy, p, err)
			}
			if err != nil {
				continue
			}
			for _, kind := range []datastore.AttributeType{"String", "Number", "String.Array", "Binary"} {
				one := []datastore.Attribute{{Name: name, Type: kind, Value: value}}
				if got := p.Match(body, one); got != p.Match(body, one) {
					t.Errorf("Match(%q) of %s is not the same twice", policy, kind)
				}
			}
		}
	})
}

func ExampleParse() {
	p, err := filterpolicy.Parse(`{"country": ["de", {"prefix": "f"}], "total": [{"numeric": [">", 100]}]}`, filterpolicy.Body)
	fmt.Println(err, p.Match(`{"country":"fr","total":120}`, nil), p.Match(`{"country":"fr","total":80}`, nil))
	// Output: <nil> true false
}

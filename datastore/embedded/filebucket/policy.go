package filebucket

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// policy is what a form may store.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
type policy struct {
	Expiration time.Time         `json:"expiration"`
	Conditions []json.RawMessage `json:"conditions"`
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ";")
}

func (b *bucket) signPost(base *url.URL, place, key, secret string, at time.Time, s blob.Signing) (blob.Signed, error) {
	fields := map[string]string{
		"key":              key,
		"X-Amz-Algorithm":  algorithm,
		"X-Amz-Credential": credential(at),
		"X-Amz-Date":       at.Format(timeFormat),
	}
	for _, o := range overrides {
		if v := *o.of(&s.Attributes); v != "" {
			fields[o.name] = v
		}
	}
	for name, v := range s.Metadata {
		fields["x-amz-meta-"+name] = v
	}
	conditions := []any{
		map[string]string{"bucket": b.place()},
		[]any{"content-length-range", s.MinSize, s.MaxSize},
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		conditions = append(conditions, map[string]string{name: fields[name]})
	}
	if s.ContentTypePrefix != "" {
		conditions = append(conditions, []any{"starts-with", "$Content-Type", s.ContentTypePrefix})
	}
	text, err := json.Marshal(map[string]any{"expiration": at.Add(s.TTL).Format(time.RFC3339), "conditions": conditions})
	if err != nil {
		return blob.Signed{}, unavailable(err)
	}
	fields["policy"] = base64.StdEncoding.EncodeToString(text)
	fields["X-Amz-Signature"] = sign(secret, at, fields["policy"])
	return blob.Signed{
		Method: "POST", URL: base.Scheme + "://" + base.Host + encode(place, true) + "/",
		Fields: fields, Expires: at.Add(s.TTL),
	}, nil
}

// condition is one of a policy: a value that a field must have, or the beginning
// of it, or the limits of the size.
type condition struct {
	field      string // in lower case; "" for the size
	value      string
	start      bool
	least, max int64
}

var errPolicy = errors.New("the policy of the form is none")

// decodePolicy reads a policy.
func decodePolicy(text string) (expires time.Time, conditions []condition, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return expires, nil, errPolicy
	}
	var p policy
	if err := json.Unmarshal(raw, &p); err != nil || p.Expiration.IsZero() {
		return expires, nil, errPolicy
	}
	for _, one := range p.Conditions {
		c, err := decodeCondition(one)
		if err != nil {
			return expires, nil, err
		}
		conditions = append(conditions, c)
	}
	return p.Expiration, conditions, nil
}

func decodeCondition(raw json.RawMessage) (c condition, err error) {
	var exact map[string]string
	if json.Unmarshal(raw, &exact) == nil {
		if len(exact) != 1 {
			return c, errPolicy
		}
		for name, value := range exact {
			return condition{field: strings.ToLower(name), value: value}, nil
		}
	}
	var list []json.RawMessage
	var operator string
	if json.Unmarshal(raw, &list) != nil || len(list) != 3 || json.Unmarshal(list[0], &operator) != nil {
		return c, errPolicy
	}
	switch operator {
	case "content-length-range":
		least, errLeast := strconv.ParseInt(string(bytes.TrimSpace(list[1])), 10, 64)
		most, errMost := strconv.ParseInt(string(bytes.TrimSpace(list[2])), 10, 64)
		if errLeast != nil || errMost != nil || least < 0 || most < least {
			return c, errPolicy
		}
		return condition{least: least, max: most}, nil
	case "eq", "starts-with":
		var name string
		if json.Unmarshal(list[1], &name) != nil || json.Unmarshal(list[2], &c.value) != nil || len(name) < 2 || name[0] != '$' {
			return c, errPolicy
		}
		c.field, c.start = strings.ToLower(name[1:]), operator == "starts-with"
		return c, nil
	}
	return c, errPolicy
}

// uncovered are fields that no condition needs to name.
var uncovered = []string{"policy", "x-amz-signature", "file"}

// limits checks the fields of a form, by their lower case names, and answers the
// limits of the size.
func limits(conditions []condition, fields map[string]string) (least, most int64, err error) {
	most = blob.MaxPostSize
	named := map[string]bool{}
	for _, c := range conditions {
		if c.field == "" {
			least, most = max(least, c.least), min(most, c.max)
			continue
		}
		named[c.field] = true
		v, ok := fields[c.field]
		if !ok || c.start && !strings.HasPrefix(v, c.value) || !c.start && v != c.value {
			return 0, 0, fmt.Errorf("the field %q does not fit the policy of the form", c.field)
		}
	}
	for name := range fields {
		if !named[name] && !slices.Contains(uncovered, name) && !strings.HasPrefix(name, "x-ignore-") {
			return 0, 0, fmt.Errorf("the field %q is not in the policy of the form", name)
		}
	}
	return least, most, nil
}

package local

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// object checks that n is an object and has no other members than these.
func (r *identityReader) object(n *jsonValue, element string, known ...string) bool {
	if n.kind != '{' {
		r.report(n.start, element, "is %s; write an object with %s", kindName(n.kind), strings.Join(known, ", "))
		return false
	}
	for _, f := range n.fields {
		if slices.Contains(known, f.name) {
			continue
		}
		hint := "known are " + strings.Join(known, ", ")
		for _, k := range known {
			if strings.EqualFold(k, f.name) {
				hint = "write " + k
			}
		}
		r.report(f.at, element, "%q is not known here; %s", clip(f.name), hint)
	}
	return true
}

// text is a member that is a string, and its node; nil if it is absent or wrong.
func (r *identityReader) text(n *jsonValue, element, name string) (string, *jsonValue) {
	v := n.get(name)
	switch {
	case v == nil:
		return "", nil
	case v.kind != '"':
		r.report(v.start, inside(element, name), "is %s; write a string", kindName(v.kind))
		return "", nil
	}
	return v.text, v
}

// needed is a member that must be a string of a form; hint says which.
func (r *identityReader) needed(n *jsonValue, element, name string, fits func(string) bool, hint string) string {
	v := n.get(name)
	if v == nil {
		r.report(n.start, inside(element, name), "is missing; write %s", hint)
		return ""
	}
	text, v := r.text(n, element, name)
	if v != nil && !fits(text) {
		r.report(v.start, inside(element, name), "write %s", hint)
		return ""
	}
	return text
}

// each calls read for the items of a list.
func (r *identityReader) each(root *jsonValue, name string, read func(*jsonValue, string)) {
	list := root.get(name)
	if list == nil {
		return
	}
	if list.kind != '[' {
		r.report(list.start, name, "is %s; write a list", kindName(list.kind))
		return
	}
	for i, item := range list.items {
		read(item, fmt.Sprintf("%s[%d]", name, i))
	}
}

// once reports a value that was there before; what says of which kind it is.
func (r *identityReader) once(n *jsonValue, element, what, value string) {
	if value == "" {
		return
	}
	if key := what + " " + value; r.seen[key] {
		r.report(n.start, element, "another one has this %s already", what)
	} else {
		r.seen[key] = true
	}
}

const (
	minSecret     = 16
	authenticated = "authenticated"
	nameHint      = "1 to 64 letters, digits and +=,.@_-"
)

func inside(element, name string) string {
	if element == "" {
		return clip(name)
	}
	return element + "." + clip(name)
}

// clip shortens what an error quotes.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// isName reports whether IAM takes s as the name of a user, a role or a session.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
func isName(s string) bool {
	return s != "" && len(s) <= 64 && only(s, "+=,.@_-")
}

func isAccessKey(s string) bool { return len(s) >= 16 && len(s) <= 128 && only(s, "_") }

func isRegion(s string) bool {
	return s != "" && len(s) <= 64 && only(s, "-") && s == strings.ToLower(s)
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// only reports whether s has nothing but letters, digits and these others.
func only(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// cutARN is the account and the last part of an ARN of a service without regions.
func cutARN(arn, service string) (account, rest string, ok bool) {
	arn, ok = strings.CutPrefix(arn, "arn:aws:"+service+"::")
	if !ok {
		return "", "", false
	}
	return strings.Cut(arn, ":")
}

// uniqueID is what follows the prefix of a unique id of IAM, always the same for
// a name.
func uniqueID(name string) string { return "LOCAL" + strings.ToUpper(nameID(12, name)) }

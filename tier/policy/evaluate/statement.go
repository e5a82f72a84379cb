package evaluate

import "strings"

func (p *parser) statement(n *node, element string) statement {
	var s statement
	known := []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	if p.resource {
		known = append(known, "Principal", "NotPrincipal")
	} else if n.kind == object && (n.get("Principal") != nil || n.get("NotPrincipal") != nil) {
		p.report(n.offset, element, "an identity-based policy names no Principal; it is about whom it is attached to")
		known = append(known, "Principal", "NotPrincipal")
	}
	if !p.members(n, element, known...) {
		return s
	}
	if sid := n.get("Sid"); sid != nil {
		if sid.kind != text {
			p.report(sid.offset, element+".Sid", "is %s; want a string", sid.kind)
		}
		s.sid = sid.text
	}
	switch effect := n.get("Effect"); {
	case effect == nil:
		p.report(n.offset, element+".Effect", `is missing; write "Allow" or "Deny"`)
	case effect.kind != text || effect.text != "Allow" && effect.text != "Deny":
		p.report(effect.offset, element+".Effect", `is %q; write "Allow" or "Deny"`, clip(effect.text))
	default:
		s.deny = effect.text == "Deny"
	}
	p.actions(n, element, &s)
	p.resources(n, element, &s)
	if p.resource {
		s.principal = p.principals(n, element)
	}
	if c := n.get("Condition"); c != nil {
		s.conditions = p.conditions(c, element+".Condition")
	}
	return s
}

// oneOf returns the element or its negation, of which a statement has one.
func (p *parser) oneOf(n *node, element, name string) (value *node, where string, not bool) {
	value, negated := n.get(name), n.get("Not"+name)
	switch {
	case value != nil && negated != nil:
		p.report(negated.offset, element, "%s and Not%s stand together; keep one", name, name)
		return nil, element, false
	case negated != nil:
		return negated, element + ".Not" + name, true
	}
	return value, element + "." + name, false
}

// strings are one string or a list of them.
func (p *parser) strings(n *node, element string) []*node {
	all := []*node{n}
	if n.kind == array {
		all = n.items
	}
	if len(all) == 0 {
		p.report(n.offset, element, "is an empty list; write at least one value")
	}
	var good []*node
	for _, v := range all {
		switch {
		case v.kind != text:
			p.report(v.offset, element, "is %s; want a string or a list of strings", v.kind)
		case v.text == "":
			p.report(v.offset, element, "is empty")
		case len(v.text) > maxValue:
			p.report(v.offset, element, "has %d bytes; at most %d", len(v.text), maxValue)
		default:
			good = append(good, v)
		}
	}
	return good
}

func (p *parser) actions(n *node, element string, s *statement) {
	value, element, not := p.oneOf(n, element, "Action")
	if value == nil {
		if n.get("Action") == nil {
			p.report(n.offset, element, `is missing; write for example "execute-api:Invoke"`)
		}
		return
	}
	s.notAction = not
	for _, v := range p.strings(value, element) {
		if !isAction(v.text) {
			p.report(v.offset, element, `%q is no action; write service:Name, for example "s3:GetObject" or "s3:Get*"`, clip(v.text))
			continue
		}
		pattern, _ := compile(strings.ToLower(v.text), syntax{wildcards: true}) // only variables make errors
		s.actions = append(s.actions, pattern)
		s.actionTexts = append(s.actionTexts, v.text)
	}
}

// isAction reports whether s is "*" or service:Name with wildcards.
func isAction(s string) bool {
	colons := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ':':
			colons++
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '*', c == '?', c == '-':
		default:
			return false
		}
	}
	return s == "*" || colons == 1 && s[0] != ':' && s[len(s)-1] != ':'
}

func (p *parser) resources(n *node, element string, s *statement) {
	value, element, not := p.oneOf(n, element, "Resource")
	if value == nil {
		if n.get("Resource") == nil && !p.resource {
			p.report(n.offset, element, `is missing; write ARNs, or "*"`)
		}
		return
	}
	s.notResource = not
	s.resources = []resource{} // present, whatever it holds
	for _, v := range p.strings(value, element) {
		own := p.resource && strings.HasPrefix(v.text, ownAPI)
		if !own && !strings.HasPrefix(v.text, "arn:") && !strings.HasPrefix(v.text, "*") {
			p.report(v.offset, element, `%q is no ARN; write "arn:…" or "*"`, clip(v.text))
			continue
		}
		pattern, err := compile(v.text, syntax{wildcards: true, variables: p.variables})
		if err != nil {
			p.report(v.offset, element, "%v", err)
			continue
		}
		if !own && pattern.variableBefore(arnParts-1) {
			p.report(v.offset, element, "%q has a variable before the fifth colon; variables are for the resource part of an ARN", clip(v.text))
			continue
		}
		s.resources = append(s.resources, newResource(pattern, own))
		s.resourceTexts = append(s.resourceTexts, v.text)
	}
}

func (p *parser) principals(n *node, element string) *principals {
	value, element, not := p.oneOf(n, element, "Principal")
	if value == nil {
		if n.get("Principal") == nil {
			p.report(n.offset, element, `is missing; a resource-based policy names whom it is about, or "*"`)
		}
		return &principals{}
	}
	all := &principals{not: not}
	if value.kind == text && value.text == "*" {
		all.entries = []principal{{}}
		return all
	}
	if value.kind != object || len(value.fields) == 0 {
		p.report(value.offset, element, `is %s; write "*" or for example {"AWS": "111122223333"}`, value.kind)
		return all
	}
	p.members(value, element, "AWS", "Service", "Federated", "CanonicalUser")
	for _, f := range value.fields {
		where := element + "." + f.name
		for _, v := range p.strings(f.value, where) {
			if f.name == "AWS" {
				if err := checkAWS(v.text); err != nil {
					p.report(v.offset, where, "%v", err)
					continue
				}
			}
			all.entries = append(all.entries, principal{f.name, v.text})
		}
	}
	return all
}

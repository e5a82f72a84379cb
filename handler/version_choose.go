package handler

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// choice is the version that a request names.
type choice struct {
	release *Release // nil for none, or none that there is
	given   bool     // it names one
	name    string   // what it names; a client's words
	header  string   // the header that it stands in, "" for the stage
	problem string   // why it cannot be told, if it cannot
	// mediaType is that of a JSON answer, as it was asked for; "" for the usual.
	mediaType string
}

// choose finds the version that a request names, or the default.
func (v Versions) choose(req *Request) choice {
	var c choice
	switch {
	case v.Path:
		segment, _, _ := strings.Cut(strings.TrimPrefix(req.path, "/"), "/")
		name, ok := strings.CutPrefix(segment, "v")
		if r := v.release(name); ok && r != nil && r.Name == name { // paths have case
			c.release = r
		}
		return c // without one it is the route's, if it has one
	case v.Header != "":
		c = v.byHeader(req)
	case v.MediaType != "":
		c = v.byMediaType(req)
	default:
		c.name = req.Facts().Stage
		if name, ok := v.Stages[c.name]; ok {
			c.given, c.release = true, v.release(name)
		}
	}
	if !c.given && c.problem == "" {
		c.release = v.release(v.Default)
	}
	return c
}

func (v Versions) byHeader(req *Request) choice {
	c := choice{header: v.Header}
	values := req.HeaderValues(v.Header)
	if len(values) == 0 {
		return c
	}
	for _, other := range values[1:] {
		if other != values[0] {
			c.problem = "is there several times, with different values"
			return c
		}
	}
	c.given, c.name = true, strings.TrimSpace(values[0])
	c.release = v.release(c.name)
	return c
}

// accepted is a media type of a request that names a version.
type accepted struct {
	version   string
	mediaType string // as an answer would have it; "" if it is no JSON
	quality   float64
}

// byMediaType looks at what the client accepts, of which it takes the most
// wanted version that there is, and at what it sends. Both must agree.
func (v Versions) byMediaType(req *Request) choice {
	c := choice{header: "Accept"}
	var all []accepted
	for _, line := range req.HeaderValues("Accept") {
		for item := range splitList(line) {
			if a, ok := v.accepted(item); ok && a.quality > 0 {
				all = append(all, a)
			}
		}
	}
	byQuality(all)
	for _, a := range all {
		if !c.given {
			c.given, c.name = true, a.version
		}
		if r := v.release(a.version); r != nil {
			c.release, c.name, c.mediaType = r, a.version, a.mediaType
			break
		}
	}
	sent, ok := v.accepted(req.Header("Content-Type"))
	switch {
	case !ok:
	case !c.given:
		c.header, c.given, c.name = "Content-Type", true, sent.version
		c.release = v.release(sent.version)
	case c.release != nil && v.release(sent.version) != c.release:
		c.problem = "asks for another version than Content-Type is of"
		c.release, c.mediaType = nil, ""
	}
	return c
}

// accepted reads a media type; ok is false if it names no version.
func (v Versions) accepted(text string) (a accepted, ok bool) {
	mediaType, params, err := mime.ParseMediaType(text)
	if err != nil {
		return a, false
	}
	a.quality = 1
	if q, given := params["q"]; given {
		if a.quality, err = strconv.ParseFloat(q, 64); err != nil || !(a.quality >= 0 && a.quality <= 1) {
			return a, false
		}
	}
	name, suffix := mediaType, ""
	if i := strings.LastIndexByte(mediaType, '+'); i >= 0 {
		name, suffix = mediaType[:i], mediaType[i:]
	}
	base := strings.ToLower(v.MediaType)
	if version, dotted := strings.CutPrefix(name, base+".v"); dotted && version != "" {
		a.version = version
	} else if name == base && params["version"] != "" {
		a.version = params["version"]
	} else {
		return a, false
	}
	if r := v.release(a.version); r != nil && suffix == "+json" {
		a.mediaType = v.MediaType + ".v" + r.Name + suffix
		if name == base {
			a.mediaType = v.MediaType + suffix + "; version=" + r.Name
		}
	}
	return a, true
}

// byQuality sorts media types of an Accept header, the most wanted first.
func byQuality(all []accepted) {
	slices.SortStableFunc(all, func(a, b accepted) int { return cmp.Compare(b.quality, a.quality) })
}

// splitList divides a list at its commas, but not at those in quotes.
func splitList(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		quoted, from := false, 0
		for i := 0; i < len(line); i++ {
			switch c := line[i]; {
			case c == '"':
				quoted = !quoted
			case c == '\\' && quoted:
				i++
			case c == ',' && !quoted:
				if !yield(line[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(line[from:])
	}
}

// refuse is the error of a request that names no version, or none that there is.
func (v Versions) refuse(c choice) *Error {
	names := v.list()
	var how string
	switch {
	case v.Header != "":
		how = "send the header " + http.CanonicalHeaderKey(v.Header) + " with one of: " + names
	case v.MediaType != "":
		how = fmt.Sprintf("accept the media type %s.vN+json with N one of: %s", v.MediaType, names)
	default:
		how = "the stages with a version are: " + v.stageList()
	}
	e := &Error{Status: http.StatusBadRequest, Code: "version_required", Message: "the request names no version of this API; " + how}
	header := http.CanonicalHeaderKey(c.header)
	field := FieldError{Location: "header." + header, Rule: "required", Message: "must be one of: " + names}
	switch {
	case header == "":
		return e
	case c.problem != "":
		e.Code, e.Message = "version_conflict", header+" "+c.problem+"; "+how
		field.Rule = "version"
	case c.given:
		e.Code, e.Message = "unknown_version", fmt.Sprintf("version %s is none of this API; %s", quotedName(c.name), how)
		field.Rule = "oneof"
	}
	e.Fields = []FieldError{field}
	return e
}

// quotedName is what a client called a version, cut to what one could be.
func quotedName(name string) string {
	const most = 32
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "..."
	}
	return strconv.QuoteToASCII(name)
}

func (v Versions) stageList() string {
	var all []string
	for stage, version := range v.Stages {
		all = append(all, stage+" ("+version+")")
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

package handler

import (
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Describe describes the operation. The error is the one that Compile returns,
// but for the pattern.
func (op *Operation) Describe() (*schema.Operation, error) {
	op.once.Do(op.read)
	if op.err != nil {
		return nil, op.err
	}
	if err := op.refused.Load(); err != nil {
		return nil, *err
	}
	d := &schema.Operation{ID: op.id, Summary: op.summary, Description: op.description, Tags: op.tags}
	for _, group := range [][]param{op.input.path, op.input.query, op.input.header, op.input.cookie} {
		for i := range group {
			d.Params = append(d.Params, group[i].Param)
		}
	}
	d.Body = op.input.describeBody()
	d.Output = op.output.describe()
	d.Output.Example = op.sample
	for _, e := range op.errors {
		d.Errors = append(d.Errors, schema.Failure{Status: e.StatusCode(), Code: e.Code, Message: e.Message})
	}
	return d, nil
}

func (in *input) describeBody() *schema.Body {
	b := &schema.Body{MaxBytes: in.max}
	if in.bodyField != nil {
		b.Rules = in.bodyField.Tag.Get("validate")
		b.Required = schema.Required(b.Rules)
	}
	switch in.body {
	case noBody:
		return nil
	case rawBytes, rawReader, decodedBody:
		b.MediaTypes = []string{anyType}
	case formBody:
		b.MediaTypes = []string{multipartType}
		if !in.takesFiles() {
			b.MediaTypes = []string{urlencodedType, multipartType}
		}
		for i := range in.form {
			b.Form = append(b.Form, in.form[i].Param)
			b.Required = b.Required || in.form[i].Required
		}
	default:
		b.MediaTypes = []string{jsonType}
		b.Type, b.Required, b.Strict = in.json, in.required, in.strict
		if in.body == jsonIn && in.check != nil {
			b.Rules = in.check.dives
		}
	}
	return b
}

func (o *output) describe() schema.Output {
	d := schema.Output{Status: o.status, AnyStatus: o.chooses || o.direct || o.typ == redirectType,
		MediaType: o.media, Type: o.json, Item: o.item, Streams: o.streams}
	for i := range o.parts {
		if p := &o.parts[i]; p.In == schema.InCookie {
			d.Cookies = append(d.Cookies, p.Param)
		} else {
			d.Headers = append(d.Headers, p.Param)
		}
	}
	return d
}

package handler

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"reflect"
	"strings"
	"unsafe"
)

// File is an upload in a multipart form: the type of a field File, *File or
// []File with a form tag.
type File struct {
	Name string // as the client named it, without folders; may be ""
	Type string // the content type that the client named; may be ""
	Data []byte // shared with nothing else
}

// The media types of forms.
const (
	urlencodedType = "application/x-www-form-urlencoded"
	multipartType  = "multipart/form-data"
)

// maxParts is the most parts that a multipart form may have.
const maxParts = 1000

type upload uint8

const (
	noUpload upload = iota
	oneFile
	fileOrNil
	manyFiles
)

func uploadOf(t reflect.Type) upload {
	switch t {
	case reflect.TypeFor[File]():
		return oneFile
	case reflect.TypeFor[*File]():
		return fileOrNil
	case reflect.TypeFor[[]File]():
		return manyFiles
	}
	return noUpload
}

// takesFiles reports whether a field of the form is an upload.
func (in *input) takesFiles() bool {
	for i := range in.form {
		if in.form[i].upload != noUpload {
			return true
		}
	}
	return false
}

func (in *input) bindForm(req *Request, data []byte, at unsafe.Pointer, fails *failures) error {
	header := req.Header("Content-Type")
	if len(data) == 0 && header == "" {
		bindQuery(in.form, "", at, fails)
		return nil
	}
	kind, params, err := mime.ParseMediaType(header)
	switch {
	case err == nil && kind == multipartType:
		return in.bindMultipart(data, params["boundary"], at, fails)
	case in.takesFiles():
		return unsupported("the body must be a form: Content-Type: "+multipartType, "Accept", multipartType)
	case err == nil && kind == urlencodedType:
		if err := checkCharset(params); err != nil {
			return err
		}
		bindQuery(in.form, strings.TrimSpace(string(data)), at, fails)
		return nil
	}
	return unsupported("the body must be a form: Content-Type: "+urlencodedType, "Accept", urlencodedType+", "+multipartType)
}

func (in *input) bindMultipart(data []byte, boundary string, at unsafe.Pointer, fails *failures) error {
	found := make([]texts, len(in.form))
	files := make([][]File, len(in.form))
	if boundary == "" {
		fails.add("body", "form", "is not a multipart form: its content type names no boundary")
		return nil
	}
	r := multipart.NewReader(bytes.NewReader(data), boundary)
	for n := 0; ; n++ {
		part, err := r.NextRawPart()
		if err == io.EOF { // not a wrapped one: that is a form without an end
			break
		}
		if err != nil || n == maxParts {
			fails.add("body", "form", "is not a multipart form, or has too many parts")
			return nil
		}
		content, err := io.ReadAll(part)
		if err != nil {
			fails.add("body", "form", "is not a multipart form: a part ends too early")
			return nil
		}
		for i := range in.form {
			if p := &in.form[i]; p.Name != part.FormName() {
				continue
			} else if p.upload == noUpload {
				found[i].add(string(content))
			} else {
				files[i] = append(files[i], File{part.FileName(), part.Header.Get("Content-Type"), content})
			}
		}
	}
	for i := range in.form {
		if p := &in.form[i]; p.upload == noUpload {
			p.assign(at, &found[i], fails)
		} else {
			p.assignFiles(at, files[i], fails)
		}
	}
	return nil
}

func (p *param) assignFiles(at unsafe.Pointer, files []File, fails *failures) {
	to := unsafe.Add(at, p.offset)
	switch {
	case p.upload == manyFiles:
		*(*[]File)(to) = files
	case len(files) > 1:
		fails.add(p.location, "duplicate", "must be given once")
	case len(files) == 0:
	case p.upload == fileOrNil:
		*(**File)(to) = &files[0]
	default:
		*(*File)(to) = files[0]
	}
}

package schema

// Operation describes a typed function: all that OpenAPI, a template or a client
// needs to know of it. It is not to be changed.
type Operation struct {
	ID          string // unique name, "" if none was given
	Summary     string
	Description string
	Tags        []string
	Params      []Param
	Body        *Body // nil if it takes no body
	Output      Output
	Errors      []Failure // those that were declared
}

// Source is where a parameter is read from, or written to.
type Source string

// The sources of parameters.
const (
	InPath   Source = "path"
	InQuery  Source = "query"
	InHeader Source = "header"
	InCookie Source = "cookie"
	InForm   Source = "form"
)

// Param is one parameter, or one header or cookie of an output.
type Param struct {
	In       Source
	Name     string
	Type     *Type   // nil for a file and for a cookie of an output
	Required bool    // it must be there
	Default  *string // of an absent one, nil if there is none
	Rules    string  // the validate tag as it stands
	List     bool    // takes several values
	Split    bool    // a single value of a list is split at commas
	File     bool    // an upload in a form
	Index    []int   // of the field, for reflect.Value.FieldByIndex
}

// Body is the body of a request.
type Body struct {
	Required   bool
	MediaTypes []string // "*/*" for any
	Type       *Type    // of a JSON body, nil for others
	Form       []Param  // of a form, nil for others
	Rules      string   // the validate tag of the field that is the body; "dive" of a list that is all of In
	Strict     bool     // unknown members of a JSON body are refused
	MaxBytes   int
}

// Output is the answer of a function that returns no error.
type Output struct {
	Status    int    // unless the function chooses another
	AnyStatus bool   // the function may choose another
	MediaType string // of the body, "" if there is none, "*/*" if the function chooses
	Type      *Type  // of a JSON body, nil for others
	Item      *Type  // of each line of an application/x-ndjson body, nil for others
	Streams   bool   // the body can be sent in pieces, as it is made
	Headers   []Param
	Cookies   []Param
	Example   *Example // nil if none was declared
}

// Example is an answer as a client gets it.
type Example struct {
	Status int
	Header map[string][]string // under canonical names
	Body   []byte
}

// Failure is a declared error.
type Failure struct {
	Status  int
	Code    string
	Message string
}

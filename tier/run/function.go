package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier/internal/doorway"
)

// runtimeAPI is the variable by which a process knows that it runs in Lambda.
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// function is the program as a Lambda function: it serves invocations until the
// environment ends. It returns only if it could not begin.
func (p *program) function() int {
	h, opts, err := p.prepare()
	if err != nil {
		text := p.explain(err)
		fmt.Fprintln(p.stderr, text)
		p.reportInitError(text)
		return 1
	}
	lambda.Start(h, opts)
	return 0
}

// prepare declares the App and compiles the one function that is served here.
// No store is opened: that happens at its first operation.
func (p *program) prepare() (handler.Handler, *lambda.Options, error) {
	data := datastore.New(p.drivers, &datastore.Options{Lookup: p.lookup})
	app, err := p.declare(data)
	if err != nil {
		return nil, nil, err
	}
	f, err := chooseFunction(app, p.lookup)
	if err != nil {
		return nil, nil, err
	}
	if _, d := f.Deployment(); d != nil {
		return nil, deploys(f, data), nil
	}
	h, opts, err := doorway.Of(f, p.lookup)
	if report := f.Report(); report != nil && err == nil {
		opts.Direct = report(p.lookup)(opts.Direct)
	}
	return h, opts, err
}

// reportInitError tells Lambda why the function cannot start, so that the reason
// and not "exit status 1" is what an invocation answers.
func (p *program) reportInitError(text string) {
	address, ok := p.lookup(runtimeAPI)
	if !ok {
		return
	}
	const errorType = "Tierkit.Declaration"
	body, err := json.Marshal(map[string]string{"errorMessage": text, "errorType": errorType})
	if err != nil {
		return
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+address+"/2018-06-01/runtime/init/error", bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	client := http.Client{Timeout: time.Second}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
	}
}

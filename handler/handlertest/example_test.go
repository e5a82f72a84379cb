package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

func ExampleNewRuntime() {
	rt, err := handlertest.NewRuntime()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close()
	// A function process with rt.Env() in its environment asks here for work.
	// This one says that it cannot start.
	address, _ := strings.CutPrefix(rt.Env()[0], "AWS_LAMBDA_RUNTIME_API=")
	resp, err := http.Post("http://"+address+"/2018-06-01/runtime/init/error", "application/json", strings.NewReader(`{"errorMessage":"no table"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	_, err = rt.Invoke(context.Background(), []byte("{}"))
	fmt.Println(errors.Is(err, handlertest.ErrInit), strings.Contains(err.Error(), "no table"))
	// Output: true true
}

func ExampleReadStreamed() {
	answer, err := handlertest.ReadStreamed([]byte(`{"statusCode":200,"headers":{"Content-Type":"text/csv"}}` + "\x00\x00\x00\x00\x00\x00\x00\x00" + "a,b"))
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"), string(answer.Body), err)
	// Output: 200 text/csv a,b <nil>
}

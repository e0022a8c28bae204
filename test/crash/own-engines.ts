/** To be imported first: whoever runs the command wants engines started, as a test run does that says so. */
process.env.EIDER_TEST_ENGINES ??= "1";

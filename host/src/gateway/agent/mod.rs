//! Who answers: a program, a chat endpoint, or an echo.
